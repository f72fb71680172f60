#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second codec agrees: generated messages of every type, decoded and encoded again by asn1tools from
the modules of the reference data, have the same value and the same bytes.

Known faults of asn1tools that are worked around here, in the text of the modules and nowhere else:
- It wraps twice where a type defined as [n] CHOICE is tagged again (sgp32.md 0.1, rule 3). Each
  X ::= [n] CHOICE is split in X ::= [n] X-C and X-C ::= CHOICE, and tagged uses refer to X-C.
- It knows no information object classes: the open type of VendorSpecificExtension is ANY.
- It does not parse the whole of PEDefinitions; only UICCCapability is imported, and is cut out.
- It keeps named bits without dropping trailing zero bits, so a BIT STRING compares by its set bits.
"""
import json
import os
import re
import subprocess
import sys

REFDATA = os.environ.get("TERN_REFDATA", "")
BUILD = os.environ.get("TERN_BUILD", "build/asan")
SOURCE = os.environ.get("TERN_SOURCE", ".")
COUNT = os.environ.get("TERN_GENERATE", "12")


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def read(name):
    with open(os.path.join(REFDATA, "asn1", name), encoding="utf-8") as file:
        return file.read()


def uicc_capability(text):
    body = re.search(r"UICCCapability ::= BIT STRING \{.*?\n\}", text, re.S).group(0)
    return "PEDefinitions DEFINITIONS AUTOMATIC TAGS ::= BEGIN\n" + body + "\nEND\n"


def prepare(modules):
    """One text per module, with the faults listed above taken out."""
    tagged = set()
    for text in modules:
        tagged |= set(re.findall(r"^([\w-]+) ::= \[\d+\] CHOICE \{", text, re.M))
    result = []
    for text in modules:
        text = text.replace("OPENTYPE.&typeId", "OBJECT IDENTIFIER").replace("OPENTYPE.&Type", "ANY")
        text = re.sub(r"OPENTYPE ::= CLASS \{.*?\n\}", "", text, flags=re.S)
        text = re.sub(r"^([\w-]+) ::= (\[\d+\]) CHOICE \{", r"\1 ::= \2 \1-C\n\1-C ::= CHOICE {", text,
                      flags=re.M)
        for name in tagged:
            text = re.sub(r"(\w+\s*\[\d+\] )" + name + r"(?![\w-])", r"\1" + name + "-C", text)
            text = re.sub(r"^(\s+cancelSessionResponse )" + name + r"(?![\w-])", r"\1" + name + "-C", text,
                          flags=re.M)
        result.append(text)
    return result


def compile_modules():
    import asn1tools
    pkix = [read("PKIX1Explicit88.asn"), read("PKIX1Implicit88.asn")]
    pe = uicc_capability(read("PEDefinitions-ttcn3.asn"))
    collect_names([pe, read("SGP32Definitions.asn"), read("RSPDefinitions-ttcn3.asn")])
    sgp32, sgp22 = prepare([read("SGP32Definitions.asn"), read("RSPDefinitions-ttcn3.asn")])
    imports = sorted(set(re.findall(r"([\w-]+-C)\b", sgp32)) & set(re.findall(r"^([\w-]+-C) ::=", sgp22, re.M)))
    if imports:
        sgp32 = sgp32.replace(" FROM RSPDefinitions", ", " + ", ".join(imports) + " FROM RSPDefinitions", 1)
    return {
        "sgp22": asn1tools.compile_string("\n".join([sgp22, pe] + pkix), "der"),
        "sgp32": asn1tools.compile_string("\n".join([sgp32, sgp22, pe] + pkix), "der"),
    }


NAMED = set()  # (name, number) of every named number and bit in the modules


def collect_names(texts):
    for text in texts:
        text = re.sub(r"--[^\n]*", "", text)
        NAMED.update((name, int(number)) for name, number in re.findall(r"([a-z][\w-]*)\s*\((\d+)\)", text))


def bits(value):
    data, count = value
    return [n for n in range(count) if data[n // 8] & 0x80 >> n % 8]


def same(ours, theirs, types, path):
    """Compare our JSON with asn1tools' value; return the path of the first difference or None."""
    if isinstance(ours, dict) and set(ours) == {"value", "name"} and not isinstance(theirs, dict):
        if (ours["name"], ours["value"]) not in NAMED:
            return f"{path}: the modules have no {ours['name']}({ours['value']})"
        ours = ours["value"]
    if isinstance(theirs, tuple) and len(theirs) == 2 and isinstance(theirs[0], str):  # CHOICE
        if not isinstance(ours, dict) or list(ours) != [theirs[0]]:
            return f"{path}: arm {ours if not isinstance(ours, dict) else list(ours)} is {theirs[0]} there"
        return same(ours[theirs[0]], theirs[1], types, path + "." + theirs[0])
    if isinstance(theirs, tuple):  # BIT STRING
        if isinstance(ours, str):
            return None  # content without named bits: the bytes are compared as a whole
        named = len(ours) == len(bits(theirs)) and all((a, b) in NAMED for a, b in zip(ours, bits(theirs)))
        return None if named else f"{path}: bits {ours} are {bits(theirs)} there"
    if isinstance(theirs, dict):
        if isinstance(ours, str):
            return None  # a certificate, kept whole by us
        for name, value in theirs.items():
            if name not in ours:
                if value in (2, "operational", True, False):  # a DEFAULT: they fill it in
                    continue
                return f"{path}.{name}: missing here"
            difference = same(ours[name], value, types, path + "." + name)
            if difference:
                return difference
        extra = set(ours) - set(theirs)
        return f"{path}: {sorted(extra)} missing there" if extra else None
    if isinstance(theirs, list):
        if not isinstance(ours, list) or len(ours) != len(theirs):
            return f"{path}: {ours} is {theirs} there"
        for index, (a, b) in enumerate(zip(ours, theirs)):
            difference = same(a, b, types, f"{path}[{index}]")
            if difference:
                return difference
        return None
    if isinstance(theirs, (bytes, bytearray)):
        if ours is None:
            return None  # a secret, which we do not print
        theirs = theirs.hex().upper()
        if isinstance(ours, str) and ours.startswith("A1") and path.endswith("vendorSpecificData"):
            return None if ours.endswith(theirs) else f"{path}: {ours} is {theirs} there"
    return None if ours == theirs else f"{path}: {ours!r} is {theirs!r} there"


def main():
    if not os.path.isfile(os.path.join(REFDATA, "asn1", "SGP32Definitions.asn")):
        skip("no reference data; set TERN_REFDATA")
    modules = compile_modules()
    lines = subprocess.run([os.path.join(BUILD, "tests", "tool-generate"), COUNT], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    ours = {line.split("\t", 2)[1] for line in lines}
    checked = {}
    failures = []
    for line in lines:
        module, name, der, value = line.split("\t", 3)
        types = modules[module]
        if module == "sgp32" and "SGP32-" + name in ours:
            continue  # two tables, such as the memory resets BF34 and BF64: compared in the other module
        theirs = "SGP32-" + name if module == "sgp32" and "SGP32-" + name in types.types else name
        aliases = {"AuthenticateClientRequest": "AuthenticateClientRequestEsipa",
                   "GetBoundProfilePackageRequest": "GetBoundProfilePackageRequestEsipa",
                   "CancelSessionRequestEs9": "CancelSessionRequestEsipa",
                   "CancelSessionResponseEs9": "CancelSessionResponseEsipa"}
        if module == "sgp32":
            theirs = aliases.get(name, theirs)
        if theirs not in types.types or name in ("VendorSpecificExtension", "VersionType"):
            continue
        if module == "sgp32" and theirs == name and name in modules["sgp22"].types:
            continue  # an RSP type: compared in its own module
        der = bytes.fromhex(der)
        try:
            decoded = types.decode(theirs, der)
            encoded = bytes(types.encode(theirs, decoded))
        except Exception as error:  # whatever they raise is a disagreement
            failures.append(f"{module} {theirs}: {type(error).__name__}: {error}\n  {der.hex().upper()}")
            continue
        if encoded != der:
            failures.append(f"{module} {theirs}: encodes to other bytes\n  {der.hex().upper()}\n  {encoded.hex().upper()}")
        difference = same(json.loads(value), decoded, types, theirs)
        if difference:
            failures.append(f"{module} {theirs}: {difference}\n  {der.hex().upper()}")
        checked[(module, theirs)] = checked.get((module, theirs), 0) + 1
    for failure in failures[:int(os.environ.get("TERN_SHOW", "20"))]:
        print(failure)
    print(f"{len(checked)} types, {sum(checked.values())} messages agree, {len(failures)} do not")
    if len(checked) < 150:
        print("fewer types than there are: a name is wrong")
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    if "TERN_IN_VENV" not in os.environ:
        venv = subprocess.run([os.path.join(SOURCE, "scripts", "venv")], capture_output=True, text=True)
        if venv.returncode != 0:
            skip("the packages of tests/requirements.txt cannot be installed: " + venv.stderr[-300:])
        os.environ["TERN_IN_VENV"] = "1"
        os.execv(venv.stdout.strip(), [venv.stdout.strip()] + sys.argv)
    sys.exit(main())
