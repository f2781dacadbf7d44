"""Films of a training, as GIF, or as MP4 where ffmpeg is found."""

from autograd.pictures.animation import Film, Training, curve, decision

__all__ = ["Film", "Training", "curve", "decision"]
