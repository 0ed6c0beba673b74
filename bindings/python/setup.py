from setuptools import setup

setup(cffi_modules=["build_cffi.py:ffi"])
