"""HTTP for corrections, uploads and downloads.

    client = Client(HttpSettings(timeout=8.0))
    reply = await client.send(Request("https://api.example.com/v1/models", headers))

``Request`` and ``HttpSettings`` are koe's own and cheap to import; a reply is an
``httpx.Response``. Below the client all layers are transports as httpx defines them, one around the
other:

- ``client`` has the rules: addresses, redirects, sizes, compression, errors;
- ``connections`` notices dead connections, and replaces them;
- ``routes`` chooses the library and the proxy;
- ``reqwest`` and ``fallback`` send: pyreqwest if it is installed, else httpx itself.

Import the module that you need: ``client`` and those below it load the HTTP library.
"""
