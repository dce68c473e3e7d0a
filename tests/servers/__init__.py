"""Real servers on 127.0.0.1, for what a test or a measurement needs to see from the other side.

- ``certificates``: a certificate authority, and certificates that are good or bad;
- ``web``: HTTP/2 and HTTP/1.1, frame by frame, so that it can lie;
- ``plain``: both as an ordinary server speaks them (hypercorn);
- ``llm``: language models, in the three protocols, on ``web``;
- ``relay``: a wire: it takes its time, and dies in silence;
- ``proxy``: an HTTP proxy;
- services with a vendor's name speak as the vendor's and lie on command.
"""
