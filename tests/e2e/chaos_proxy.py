#!/usr/bin/python3
"""A network that behaves badly, by a seed: chaos_proxy.py UPSTREAM-PORT [SEED].

Listens on a port of loopback, which it prints, and passes every connection on to UPSTREAM-PORT, each direction with
faults of its own: delay, jitter, throttle, split into single bytes, stall, reset, half close. SIGUSR1 ends the faults;
SIGTERM ends it, and it prints how often each of them happened, as JSON.
"""
import asyncio
import json
import random
import signal
import socket
import struct
import sys
from collections import Counter

CHUNK = 65536
SPLIT_MOST = 400  # bytes of a chunk that travel one by one
# The probability of each fault for a chunk of bytes. Other chunks only get the delay of the connection.
FAULTS = {"jitter": 0.05, "throttle": 0.01, "split": 0.02, "stall": 0.004, "reset": 0.004, "half close": 0.003}
KINDS, WEIGHTS = list(FAULTS) + ["none"], list(FAULTS.values()) + [1 - sum(FAULTS.values())]


def at_once(writer):
    """Writes without buffering."""
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def reset(writer):
    """Ends with RST and drops queued bytes."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Over(Exception):
    pass


class Proxy:
    def __init__(self, upstream, seed):
        self.upstream, self.seed = upstream, seed
        self.faults, self.connections, self.calm = Counter(), 0, False
        self.tasks = set()  # asyncio does not keep references to tasks

    async def accept(self, reader, writer):
        self.connections += 1
        rng = random.Random(f"{self.seed} {self.connections}")
        task = asyncio.current_task()
        self.tasks.add(task)
        others = [writer]
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
            others.append(there_writer)
            for one in others:
                at_once(one)
            delay = rng.choice((0, 0, 0.002, 0.02, 0.08))
            await asyncio.gather(self.pump(reader, there_writer, delay, random.Random(rng.random())),
                                 self.pump(there_reader, writer, delay, random.Random(rng.random())))
        except (OSError, Over):
            pass
        finally:
            self.tasks.discard(task)
            for one in others:
                reset(one)

    async def pump(self, reader, writer, delay, rng):
        while True:
            data = await reader.read(CHUNK)
            if not data:
                break
            fault = "none" if self.calm else rng.choices(KINDS, WEIGHTS)[0]
            self.faults[fault] += 1
            if delay and not self.calm:
                await asyncio.sleep(delay)
            if fault == "half close":
                writer.write(data[:rng.randrange(len(data) + 1)])
                break
            await self.pass_on(data, writer, fault, rng)
        if writer.can_write_eof() and not writer.transport.is_closing():
            writer.write_eof()
            # After one direction ends the other may be used for a while.
            await asyncio.sleep(5)
        raise Over

    async def pass_on(self, data, writer, fault, rng):
        if fault == "reset":
            writer.write(data[:rng.randrange(len(data) + 1)])
            raise Over
        if fault == "jitter":
            await asyncio.sleep(rng.uniform(0, 0.3))
        if fault == "stall":
            await asyncio.sleep(rng.uniform(3, 15))
        if fault == "split":
            for i in range(min(len(data), SPLIT_MOST)):
                if writer.transport.is_closing():
                    raise Over
                writer.write(data[i:i + 1])
                await writer.drain()
            data = data[SPLIT_MOST:]
        if fault == "throttle":
            while len(data) > 512:  # 20 kB a second
                if writer.transport.is_closing():
                    raise Over
                writer.write(data[:512])
                data = data[512:]
                await asyncio.sleep(512 / 20_000)
        if writer.transport.is_closing():
            raise Over
        writer.write(data)
        await writer.drain()

    def calm_down(self):
        self.calm = True


async def main():
    proxy = Proxy(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "1")
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGUSR1, proxy.calm_down)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()
    print(json.dumps({"connections": proxy.connections, **{kind: proxy.faults[kind] for kind in FAULTS}}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
