"""From a scan to a decision: is it safe, is it a member's card, was it just seen? Pure and clockless."""

from scanner_daemon.pipeline.cards import KINDS, CardScheme
from scanner_daemon.pipeline.duplicates import DuplicateFilter
from scanner_daemon.pipeline.pipeline import Pipeline

__all__ = ["KINDS", "CardScheme", "DuplicateFilter", "Pipeline"]
