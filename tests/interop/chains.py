#!/usr/bin/env python3
"""Chains made by the openssl command, judged by `openssl verify` and by tern.

Both must say the same, but for the differences that GSMA's rules make and the table names. The
clock is pinned on both sides. Prints the agreement matrix.
"""
import datetime
import json
import os
import subprocess
import sys
import tempfile

NOW = "2026-06-15"
EPOCH = int(datetime.datetime(2026, 6, 15, 12, tzinfo=datetime.timezone.utc).timestamp())
ROLE = "2.23.146.1.2.1."
TERN = os.environ["TERN"]


def run(*command, check=True, text=None):
    result = subprocess.run(command, capture_output=True, input=text, text=True)
    if check and result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result


CONFIG = """
[ca]
default_ca = a
[a]
dir = {dir}
database = {dir}/{name}.index
new_certs_dir = {dir}
serial = {dir}/{name}.serial
crlnumber = {dir}/{name}.crlnumber
default_md = sha256
policy = p
unique_subject = no
default_crl_days = 3650
[p]
C = optional
O = optional
OU = optional
serialNumber = optional
CN = optional
[req]
distinguished_name = d
[d]
[x]
{extensions}
[names]
permitted;dirName = constraint
[constraint]
O = maker
serialNumber = 89049032
"""


class Authority:
    """A key and a name that certificates are issued with, by `openssl ca`."""

    def __init__(self, folder, name, subject, curve):
        self.folder, self.name, self.subject, self.curve = folder, name, subject, curve
        self.certificate = f"{folder}/{name}.pem"
        self.key = f"{folder}/{name}.key"
        make_key(self.key, curve)
        for suffix, content in (("index", ""), ("serial", "1000"), ("crlnumber", "01")):
            with open(f"{folder}/{name}.{suffix}", "w", encoding="ascii") as file:
                file.write(content)

    def config(self, extensions=""):
        path = f"{self.folder}/{self.name}.cnf"
        with open(path, "w", encoding="ascii") as file:
            file.write(CONFIG.format(dir=self.folder, name=self.name, extensions=extensions))
        return path

    def issue(self, out, subject, key, extensions, start="20260101000000Z", end="20361231235959Z",
              itself=False):
        config = self.config(extensions)
        request = f"{out}.csr"
        run("openssl", "req", "-new", "-config", config, "-utf8", "-key", key, "-subj", subject,
            "-out", request)
        who = ["-selfsign", "-keyfile", key] if itself else ["-cert", self.certificate, "-keyfile",
                                                             self.key]
        run("openssl", "ca", "-batch", "-notext", "-preserveDN", "-config", config,
            "-extensions", "x", "-in", request, "-out", out, "-startdate", start, "-enddate", end,
            *who)
        os.unlink(request)

    def revoke(self, certificate, out):
        config = self.config()
        keys = ["-cert", self.certificate, "-keyfile", self.key]
        run("openssl", "ca", "-config", config, "-revoke", certificate, *keys)
        run("openssl", "ca", "-config", config, "-gencrl", "-out", out, *keys,
            "-crl_lastupdate", "20260101000000Z", "-crl_nextupdate", "20361231235959Z")


def make_key(path, curve):
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}",
        "-out", path)


CI_EXT = f"""
subjectKeyIdentifier = hash
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
certificatePolicies = critical,{ROLE}0
"""
EUM = {
    "subjectKeyIdentifier": "hash",
    "authorityKeyIdentifier": "keyid",
    "basicConstraints": "critical,CA:TRUE,pathlen:0",
    "keyUsage": "critical,keyCertSign",
    "certificatePolicies": f"critical,{ROLE}2",
    "nameConstraints": "critical,@names",
}
EUICC = {
    "subjectKeyIdentifier": "hash",
    "authorityKeyIdentifier": "keyid",
    "keyUsage": "critical,digitalSignature",
    "certificatePolicies": f"critical,{ROLE}1",
}
AUTH = dict(EUICC, certificatePolicies=f"critical,{ROLE}4")
TLS = dict(EUICC, certificatePolicies=f"{ROLE}3", extendedKeyUsage="critical,serverAuth,clientAuth",
           subjectAltName="DNS:smdp.example,RID:2.999.10")
EUICC_NAME = "/C=SE/O=maker/serialNumber=89049032123451234512345678901235/CN=eUICC"
# A subject that RFC 5280's subtree rule accepts as well: it begins as the constraint does.
NARROW_NAME = "/O=maker/serialNumber=89049032"


def text_of(extensions, **changes):
    merged = dict(extensions)
    merged.update({name: value for name, value in changes.items() if value is not None})
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
    return "\n".join(f"{name.replace('OID', '').replace('_', '.')} = {value}"
                     for name, value in merged.items())


def tern_says(folder, leaf):
    """(good?, why) of the leaf in a directory."""
    result = run(TERN, "pki", "show", folder, "--json", "--now", NOW, check=False)
    if result.returncode == 2:
        return False, result.stderr.strip()
    report = json.loads(result.stdout)
    for entry in report["certificates"]:
        if entry["path"] == leaf:
            return entry["ok"], entry["why"]
    for problem in report["problems"]:
        if problem["path"] == leaf:
            return False, problem["why"]
    sys.exit(f"{leaf} is nowhere in {report}")


def openssl_says(ci, leaf, above, crl):
    command = ["openssl", "verify", "-attime", str(EPOCH), "-CAfile", ci]
    if above:
        command += ["-untrusted", above]
    if crl:
        command += ["-crl_check", "-CRLfile", crl]
    result = run(*command, leaf, check=False)
    why = [line for line in (result.stdout + result.stderr).splitlines() if line.startswith("error ")]
    return result.returncode == 0, why[0] if why else ""


def flip(path, at):
    der = subprocess.run(["openssl", "x509", "-in", path, "-outform", "DER"], check=True,
                         capture_output=True).stdout
    der = bytearray(der)
    der[at] ^= 1
    text = subprocess.run(["openssl", "base64"], input=bytes(der), check=True,
                          capture_output=True).stdout.decode()
    with open(path, "w", encoding="ascii") as file:
        file.write(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")


class Case:
    def __init__(self, name, good, why="", differs="", **options):
        self.name, self.good, self.why, self.differs = name, good, why, differs
        self.options = options


CASES = [
    Case("server", True),
    Case("server TLS", True, leaf=TLS),
    Case("wrong issuer key", False, "no trusted CI has its authorityKeyIdentifier",
         other_ci=True),
    Case("expired", False, "expired", end="20260301000000Z"),
    Case("not yet valid", False, "not yet valid", start="20270101000000Z"),
    Case("bad signature bit", False, "the signature does not verify", flip=-1),
    Case("changed name", False, "the signature does not verify", flip_text=b"smdp"),
    Case("key usage without digitalSignature", False, "keyUsage lacks digitalSignature",
         "openssl verify asks for no key usage of a leaf", keyUsage="critical,keyAgreement"),
    Case("CA flag in a leaf", False, "basicConstraints say CA in an end entity",
         "openssl verify takes a CA as a leaf", basicConstraints="critical,CA:TRUE"),
    Case("unknown critical extension", False, "an unknown critical extension",
         OID1_2_3_4_5="critical,DER:0500"),
    Case("unknown extension", True, OID1_2_3_4_5="DER:0500"),
    Case("no authorityKeyIdentifier", False, "authorityKeyIdentifier",
         "optional for openssl verify, mandatory for GSMA", authorityKeyIdentifier="none"),
    Case("TLS without a TLS usage", False, "extKeyUsage has neither serverAuth nor clientAuth",
         "openssl verify was not asked for a purpose", leaf=TLS,
         extendedKeyUsage="critical,codeSigning"),
    Case("revoked", False, "revoked", revoke=True),
    Case("eUICC", True, "", "error 47: openssl applies RFC 5280's subtree rule to the EID prefix",
         euicc=EUICC_NAME),
    Case("eUICC of the narrowest subject", False, "serialNumber of the subject is no EID",
         "openssl's subtree rule holds, but this is no EID", euicc=NARROW_NAME),
    Case("EID out of the constraint", False, "the EUM's constraint does not permit this EID",
         euicc=EUICC_NAME.replace("89049032", "89049033")),
    Case("organisation out of the constraint", False,
         "the EUM's constraint does not permit this EID", euicc=EUICC_NAME.replace("maker", "x")),
    Case("EUM without the CA flag", False, "authorityKeyIdentifier",
         euicc=EUICC_NAME, eum=dict(basicConstraints="critical,CA:FALSE")),
    Case("EUM without keyCertSign", False, "keyUsage lacks keyCertSign", euicc=EUICC_NAME,
         eum=dict(keyUsage="critical,digitalSignature")),
    Case("EUM expired", False, "expired", euicc=EUICC_NAME, eum_end="20260301000000Z"),
    Case("EUM of another role", False, "an eUICC must be issued by an EUM", euicc=EUICC_NAME,
         eum=dict(certificatePolicies=f"critical,{ROLE}5")),
    Case("a CA between EUM and eUICC", False, "pathLenConstraint is exceeded", euicc=EUICC_NAME,
         sub_ca=True),
]


def build(case, folder, curve):
    """Returns CI, leaf, intermediates, CRL paths."""
    options = case.options
    ci = Authority(folder, "ci", "/CN=CI/O=test", curve)
    ci.issue(ci.certificate, ci.subject, ci.key, CI_EXT, itself=True)
    leaf, above, crl = f"{folder}/leaf.pem", None, None
    make_key(f"{folder}/leaf.key", curve)
    start, end = options.get("start", "20260101000000Z"), options.get("end", "20361231235959Z")
    changes = {name: value for name, value in options.items()
               if name[0].islower() and name in ("keyUsage", "basicConstraints",
                                                 "authorityKeyIdentifier", "extendedKeyUsage")
               or name.startswith("OID")}
    if "euicc" not in options:
        signer = ci
        if options.get("other_ci"):
            os.mkdir(f"{folder}.other")
            signer = Authority(f"{folder}.other", "ci", ci.subject, curve)
            signer.issue(signer.certificate, signer.subject, signer.key, CI_EXT, itself=True)
        signer.issue(leaf, "/O=op/CN=smdp.example", f"{folder}/leaf.key",
                     text_of(options.get("leaf", AUTH), **changes), start, end)
        if options.get("revoke"):
            crl = f"{folder}/list.pem"
            ci.revoke(leaf, crl)
    else:
        eum = Authority(folder, "eum", "/C=SE/O=maker/CN=EUM", curve)
        ci.issue(eum.certificate, eum.subject, eum.key, text_of(EUM, **options.get("eum", {})),
                 end=options.get("eum_end", "20361231235959Z"))
        above = eum.certificate
        signer = eum
        if options.get("sub_ca"):
            signer = Authority(folder, "sub", "/O=maker/serialNumber=89049032/CN=sub", curve)
            eum.issue(signer.certificate, signer.subject, signer.key, text_of(EUM))
            above = f"{folder}.above"
            with open(above, "w", encoding="ascii") as file:
                file.write(open(eum.certificate, encoding="ascii").read() +
                           open(signer.certificate, encoding="ascii").read())
        signer.issue(leaf, options["euicc"], f"{folder}/leaf.key", text_of(EUICC, **changes),
                     end="99991231235959Z")
    if "flip" in options:
        flip(leaf, options["flip"])
    if "flip_text" in options:
        der = subprocess.run(["openssl", "x509", "-in", leaf, "-outform", "DER"], check=True,
                             capture_output=True).stdout
        flip(leaf, der.index(options["flip_text"]))
    for name in os.listdir(folder):  # `openssl ca` keeps a copy of what it issued
        if name[:4] in ("1000", "1001") or name.endswith(".key"):
            os.unlink(f"{folder}/{name}")
    return ci.certificate, leaf, above, crl


def judge(case, folder, curve):
    os.mkdir(folder)
    ci, leaf, above, crl = build(case, folder, curve)
    ours, our_why = tern_says(folder, leaf)
    theirs, their_why = openssl_says(ci, leaf, above, crl)
    wrong = []
    if ours != case.good:
        wrong.append(f"tern says {ours}")
    if not case.good and case.why not in (our_why or ""):
        wrong.append(f"tern's reason should hold '{case.why}'")
    if (ours == theirs) == bool(case.differs):
        wrong.append("they differ, and the table does not say why" if ours != theirs else
                     "they agree, and the table says they do not")
    print(f"{case.name:38} tern {'yes' if ours else 'no ':3} {our_why or '':50} "
          f"openssl {'yes' if theirs else 'no ':3} {their_why}")
    if case.differs:
        print(f"{'':38} differs: {case.differs}")
    for line in wrong:
        print(f"{'':38} WRONG: {line}")
    return not wrong


def main():
    good = True
    with tempfile.TemporaryDirectory() as top:
        for curve in ("P-256", "brainpoolP256r1"):
            print(f"-- {curve}")
            for index, case in enumerate(CASES):
                good = judge(case, f"{top}/{curve}-{index}", curve) and good
    print(f"{2 * len(CASES)} chains")
    sys.exit(0 if good else 1)


main()
