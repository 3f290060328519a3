from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-media",
    "Frames, objects, video, sound, pictures of every element that loads by itself",
    closed_by="wire filter: HTML is sanitised; policy of content: nothing from outside",
)
def cell(address: str) -> str:
    loads = (
        f"<iframe src='{address}?1'></iframe><object data='{address}?2'></object><embed src='{address}?3'>"
        f"<video src='{address}?4' poster='{address}?5' autoplay></video><audio src='{address}?6' autoplay></audio>"
        f"<input type='image' src='{address}?7'><picture><source srcset='{address}?8'><img></picture>"
    )
    return f"from IPython.display import HTML\nHTML({loads!r})"
