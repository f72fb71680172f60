# SPDX-License-Identifier: Apache-2.0
"""An RSP client that shares no line with tern: its own DER, JSON, certificates and eUICC.

Written from the specification alone (SGP.22 v2.x); `cryptography` does the primitives.
"""
