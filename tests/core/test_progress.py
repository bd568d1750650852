"""The wish to stop."""

import threading

from atento.core.progress import Stop


def test_a_stop_set_in_another_thread_is_seen_and_stays() -> None:
    stop = Stop()
    assert not stop.wanted
    thread = threading.Thread(target=stop.set)
    thread.start()
    thread.join()
    assert stop.wanted
    stop.set()
    assert stop.wanted
