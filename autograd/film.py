"""Films of a training, as a GIF, or as an MP4 if ffmpeg is installed."""

from autograd.pictures import Film, Training, curve, decision

__all__ = ["Film", "Training", "curve", "decision"]
