from autograd.engine.value cimport Value
