"""Runs Akin's processes together on one machine: started as one, stopped as one, nothing left behind."""

from config.supervisor.child import Child
from config.supervisor.registry import AlreadyRunning, Registry
from config.supervisor.supervisor import SYSTEM, Supervisor

__all__ = ["SYSTEM", "AlreadyRunning", "Child", "Registry", "Supervisor"]
