"""What schemathesis cannot know by itself: how a body of lines is sent."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_context, value):
    """A text is its bytes."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
