"""HTTP requests: what corrections, uploads and downloads have in common.

    client = Client(HttpSettings(timeout=8.0))
    reply = await client.send(Request("https://api.example.com/v1/models", headers))

``Request`` and ``HttpSettings`` belong to koe and import no library; a reply is an
``httpx.Response``. Transports, as httpx defines them, send the requests. The modules:

- ``client`` has the rules: addresses, redirects, sizes, compression, and the errors of koe;
- ``connections`` replaces connections that have died;
- ``redirects`` decides which redirects are followed;
- ``routes`` chooses the library, and the proxy of each server;
- ``reqwest`` and ``fallback`` send: with pyreqwest where it is installed, else with httpx itself.

Import the module that you need: ``client`` and the modules below it load the HTTP library.
"""
