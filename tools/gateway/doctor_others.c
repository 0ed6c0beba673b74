#include "doctor_others.h"
void doctor_others(struct doctor *doctor)
{
    (void)doctor;
}
