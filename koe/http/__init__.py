"""The door to HTTP: what corrections, uploads and downloads have in common.

    client = Client(HttpSettings(timeout=8.0))
    reply = await client.send(Request("https://api.example.com/v1/models", headers))

A ``Request`` and ``HttpSettings`` are ours and cost nothing to import; a reply is an
``httpx.Response``. Below the client everything is a transport as httpx defines them, one around
the other:

- ``client`` has the rules: addresses, redirects, sizes, compression, and errors as ours;
- ``connections`` notices connections that died, and replaces them;
- ``routes`` chooses the library and the proxy;
- ``reqwest`` and ``fallback`` send: pyreqwest where there is one, else httpx itself.

Import the module that you need: ``client`` and those below it load the HTTP library.
"""
