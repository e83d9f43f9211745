"""Runs Akin's processes together on one machine: started as one, stopped as one, nothing left behind."""

from config.supervisor.child import Child
from config.supervisor.registry import AlreadyRunning, Registry
from config.supervisor.supervisor import Supervisor

__all__ = ["AlreadyRunning", "Child", "Registry", "Supervisor"]
