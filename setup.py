from setuptools import find_namespace_packages, setup

FOLDERS = ["engine*", "machines*", "adapters*"]
setup(packages=[f"relink.{name}" for name in find_namespace_packages(include=FOLDERS)])
