cpdef object number(object x)
cpdef double as_number(object x, object call) except? -7.25e300
cpdef object with_other_operand(object function, object x, object y)
