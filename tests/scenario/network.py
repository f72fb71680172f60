#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tern network serve and attach as processes: two home networks, cards behind sockets, every outcome.

The card is `tern profile try` behind the framing of vpcd (sgp22.md 17.11), spoken here in Python.
"""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

TERN = os.environ['TERN']
KEY = '465b5ce8b199b49faa5f0a2ee238a6bc'
OP = 'cdc202d5123e20f62b6d676ac72cb318'
PROFILE = '''
iccid: "89460123456789012%02d"
pins: {pin1: {value: "1234", enabled: %s}, puk1: "11111111"}
usim: {imsi: "%s", spn: Test, minimal: true}
aka: {%s}
'''
NETWORK = '''
plmn: "%s"
name: %s
subscribers:
%s
'''


class Card:
    """A profile behind a TCP socket."""

    def __init__(self, folder, number, imsi, aka, pin='false'):
        yaml, upp = (os.path.join(folder, '%d.%s' % (number, e)) for e in ('yaml', 'der'))
        with open(yaml, 'w') as out:
            out.write(PROFILE % (number, pin, imsi, aka))
        subprocess.run([TERN, 'profile', 'build', yaml, '-o', upp], check=True)
        self.process = subprocess.Popen([TERN, 'profile', 'try', upp, '--apdu', '--t0'], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline().startswith('installed')
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.reader = 'tcp:127.0.0.1:%d' % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def line(self, text):
        self.process.stdin.write(text + '\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.talk(connection)

    def talk(self, connection):
        pending = b''
        while True:
            head = connection.recv(2, socket.MSG_WAITALL)
            if len(head) < 2:
                return
            message = connection.recv(struct.unpack('>H', head)[0], socket.MSG_WAITALL)
            if message == b'\x04':
                answer = bytes.fromhex('3B9F96803FC7828031A073BE2113674320071800000107')
            elif len(message) == 1:
                self.line('reset')
                continue
            elif message[1] == 0xC0:  # GET RESPONSE
                answer, pending = pending + b'\x90\0', b''
            else:
                answer = bytes.fromhex(self.line(message.hex()))
                if len(answer) > 2 and answer[-2:] == b'\x90\0' and message[1] in (0x88, 0xA4):
                    pending = answer[:-2]  # a case 4 command under T=0
                    answer = bytes([0x61, len(pending) & 0xff])
            connection.sendall(struct.pack('>H', len(answer)) + answer)

    def close(self):
        self.listener.close()
        self.process.stdin.close()
        self.process.wait()


class Network:
    def __init__(self, folder, plmn, name, subscribers, listen, state=None, extra=''):
        config = os.path.join(folder, 'network-%s.yaml' % plmn)
        ready = os.path.join(folder, 'ready-%s' % plmn)
        if os.path.exists(ready):
            os.unlink(ready)
        with open(config, 'w') as out:
            out.write(NETWORK % (plmn, name, '\n'.join('  - {%s}' % s for s in subscribers)) + extra)
        command = [TERN, 'network', 'serve', '--config', config, '--listen', listen, '--ready', ready]
        if state:
            command += ['--state', state]
        self.log = open(os.path.join(folder, 'log-%s' % plmn), 'a+')
        self.process = subprocess.Popen(command, stderr=self.log)
        while not os.path.exists(ready):
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError('the network did not start')
        with open(ready) as source:
            self.address = json.load(source)['network']

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(10)
        assert how == signal.SIGKILL or self.process.returncode == 0
        self.log.seek(0)
        text = self.log.read()
        self.log.close()
        assert KEY not in text and KEY.upper() not in text, 'a key in the log'
        return text


def attach(card, *arguments):
    run = subprocess.run([TERN, 'network', 'attach', '--reader', card.reader, '--json'] +
                         list(arguments), stdout=subprocess.PIPE, timeout=30)
    result = json.loads(run.stdout)
    assert run.returncode == (0 if result['attached'] else 1)
    return result


def hung_up(address, words):
    with socket.socket(socket.AF_UNIX) as radio:
        radio.connect(address[5:])
        radio.settimeout(10)
        radio.sendall(words)
        try:
            return radio.recv(1) == b''
        except ConnectionResetError:
            return True


def main():
    with tempfile.TemporaryDirectory() as folder:
        state = os.path.join(folder, 'state')
        csv = os.path.join(folder, 'more.csv')
        topc = '%064x' % 5
        with open(csv, 'w') as out:
            out.write('iccid,imsi,ki,opc\n8946012345678901204,240010000000004,%032x,%032x\n' % (9, 8))
        swedish = ['imsi: "240010000000001", key: %s, op: %s' % (KEY, OP),
                   'imsi: "240010000000002", algorithm: tuak, key: %s, topc: %s, keccak: 2' % (KEY, topc),
                   'imsi: "240010000000003", algorithm: test, key: %s' % KEY]
        sweden = Network(folder, '24001', 'Sweden', swedish, 'unix:' + os.path.join(folder, 'se.sock'),
                         state, 'subscribers_csv: %s\n' % csv)
        singapore = Network(folder, '52503', 'Singapore', ['imsi: "525030000000001", key: %s, op: %s' % (KEY, OP)],
                            '127.0.0.1:0')
        aka = 'key: %s, op: %s' % (KEY, OP)
        cards = {
            'sweden': Card(folder, 1, '240010000000001', aka),
            'tuak': Card(folder, 2, '240010000000002', 'algorithm: tuak, key: %s, topc: %s, keccak: 2' % (KEY, topc)),
            'test': Card(folder, 3, '240010000000003', 'algorithm: test, key: %s' % KEY),
            'csv': Card(folder, 4, '240010000000004', 'key: %032x, opc: %032x' % (9, 8)),
            'flipped': Card(folder, 5, '240010000000001', 'key: %s, op: %s' % (KEY.replace('465b', '465a'), OP)),
            'stranger': Card(folder, 6, '240010000000099', aka),
            'singapore': Card(folder, 7, '525030000000001', aka),
            'pin': Card(folder, 8, '240010000000001', aka, 'true'),
        }
        for name in ('sweden', 'tuak', 'test', 'csv'):
            result = attach(cards[name], '--network', sweden.address)
            assert result['attached'] and result['plmn'] == '24001', (name, result)
            assert result['network'] == 'Sweden' and result['imsi'].startswith('24001000000000')
        result = attach(cards['flipped'], '--network', sweden.address)
        assert result['cause'] == 'wrong-network' and '9862' in result['why'], result
        result = attach(cards['stranger'], '--network', sweden.address)
        assert result['cause'] == 'refused' and 'unknown-imsi' in result['why'], result
        result = attach(cards['singapore'], '--network', sweden.address)
        assert result['cause'] == 'refused' and 'no-roaming' in result['why'], result
        result = attach(cards['pin'], '--network', sweden.address)
        assert result['cause'] == 'pin-needed', result
        assert attach(cards['pin'], '--network', sweden.address, '--pin', '1234')['attached']
        print('one network: four algorithms and sources, four refusals')

        coverage = os.path.join(folder, 'coverage.yaml')
        with open(coverage, 'w') as out:
            out.write('networks:\n  - {plmn: "52503", address: "%s"}\n  - {plmn: "24001", address: "%s"}\n' % (
                singapore.address, sweden.address))
        assert attach(cards['sweden'], '--coverage', coverage)['plmn'] == '24001'
        assert attach(cards['singapore'], '--coverage', coverage)['plmn'] == '52503'
        with open(coverage, 'w') as out:
            out.write('networks: []\n')
        assert attach(cards['sweden'], '--coverage', coverage)['cause'] == 'no-coverage'
        print('coverage: each to its own network, none without one')

        address = sweden.address
        sweden.stop()
        assert attach(cards['sweden'], '--network', address)['cause'] == 'network-failure'
        sweden = Network(folder, '24001', 'Sweden', swedish, address, state, 'subscribers_csv: %s\n' % csv)
        result = attach(cards['sweden'], '--network', sweden.address)
        assert result['attached'] and not result['resynchronised'], 'the state file was not used'
        sweden.stop(signal.SIGKILL)
        os.unlink(state)
        sweden = Network(folder, '24001', 'Sweden', swedish, address, state, 'subscribers_csv: %s\n' % csv)
        for name in ('sweden', 'tuak', 'test'):
            result = attach(cards[name], '--network', sweden.address)
            assert result['attached'] and result['resynchronised'], (name, result)
            assert not attach(cards[name], '--network', sweden.address)['resynchronised']
        print('restarts: by the state file, or by AUTS')

        # strangers at the radio
        # a response before any challenge, then what is no message at all
        for words in (b'{"response":{"res":"00"}}\n', b'\n', b'[]\n', b'{}\n', b'x' * 5000):
            assert hung_up(sweden.address, words), words
        assert attach(cards['sweden'], '--network', sweden.address)['attached']
        text = sweden.stop()
        assert 'network.reject' in text and 'network.resync' in text
        singapore.stop()
        for card in cards.values():
            card.close()
    print('radio: strangers are hung up on')


if __name__ == '__main__':
    sys.exit(main())
