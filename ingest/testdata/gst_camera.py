"""A camera nobody of us wrote: GStreamer's RTSP server with a test picture.

Arguments: codec (h264 or h265), user, password ("" for none), auth (basic or
digest). Prints the port once it listens and ends with its standard input.
"""
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

codec, user, password, auth_kind = sys.argv[1:5]
Gst.init(None)

ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 log-level=none ! rtph265pay name=pay0 pt=96 config-interval=-1",
}
# A sound track goes with it, as with most cameras: it must never be set up.
launch = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=180,framerate=10/1 ! "
    + ENCODERS[codec]
    + " audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay1 pt=8 )"
)

server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(launch)
factory.set_shared(True)

if user:
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST if auth_kind == "digest" else GstRtsp.RTSPAuthMethod.BASIC)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if auth_kind == "digest":
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)

server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
loop = GLib.MainLoop()


def wait_for_end():
    sys.stdin.read()
    loop.quit()


threading.Thread(target=wait_for_end, daemon=True).start()
print(server.get_bound_port(), flush=True)
loop.run()
