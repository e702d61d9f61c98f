"""A link that can be cut: it passes bytes between clients and a server until it is told not to."""
import contextlib
import socket
import threading

CHUNK = 4096


class Link:
    """with Link(url) as link: link.url is the way to the server at url. A way is cut, or cuts itself after
    a number of bytes in one direction; then every connection is reset, and new ones are as well."""

    def __init__(self, url):
        host, port = url.removeprefix("http://").rsplit(":", 1)
        self.server = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        self.up = True
        self.left = {"there": None, "back": None}  # bytes until the link cuts itself; None: never
        self.passed = {"there": 0, "back": 0}
        self.open = set()
        self.ended = False

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.cut()
        self.listener.close()

    def heal(self):
        with self.lock:
            self.up = True
            self.left = {"there": None, "back": None}

    def cut(self):
        with self.lock:
            self.up = False
            for end in self.open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def cut_after(self, way, n):
        """Cuts the link when n more bytes have passed `there` (requests) or `back` (answers)."""
        with self.lock:
            self.left[way] = n

    def accept(self):
        while not self.ended:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError), client:
            if not self.up:
                return
            with socket.create_connection(self.server) as server:
                with self.lock:
                    self.open |= {client, server}
                back = threading.Thread(target=self.pump, args=(server, client, "back"), daemon=True)
                back.start()
                self.pump(client, server, "there")
                back.join()
                with self.lock:
                    self.open -= {client, server}

    def take(self, way, n):
        """Returns how many of n bytes may pass; fewer than n when the link cuts itself here."""
        with self.lock:
            left = self.left[way]
            allowed = n if left is None else min(n, left)
            if left is not None:
                self.left[way] = left - allowed
            self.passed[way] += allowed
            return allowed if self.up else 0

    def pump(self, source, target, way):
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                n = self.take(way, len(data))
                target.sendall(data[:n])
                if n < len(data):
                    self.cut()
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
