import gc
import weakref

from mailbridge.sdk import GatedTransport


class Open:
    def permit(self, timeout_s):
        pass


def certificates(transport):
    return transport._inner._pool._ssl_context


def test_transports_in_use_share_the_trusted_certificates_and_later_ones_read_them_anew():
    first, second = GatedTransport(Open()), GatedTransport(Open())
    shared = certificates(first)
    assert certificates(second) is shared
    assert shared.check_hostname
    seen = weakref.ref(shared)
    del shared, first, second
    gc.collect()
    assert seen() is None
    assert certificates(GatedTransport(Open())).check_hostname
