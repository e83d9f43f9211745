"""What attributes are: values of any spelling come in, checked values and a schema found in the rows go out."""
