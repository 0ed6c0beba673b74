module spectacles

go 1.19
