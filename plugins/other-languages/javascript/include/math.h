#pragma once
#define NAN __builtin_nan("")
#define INFINITY __builtin_inf()
#define isnan(x) __builtin_isnan(x)
#define isfinite(x) __builtin_isfinite(x)
#define isinf(x) __builtin_isinf(x)
#define signbit(x) __builtin_signbit(x)
double copysign(double, double); double floor(double); double ceil(double); double fabs(double); double sqrt(double); double trunc(double);
double fmod(double,double); double pow(double,double); double sin(double); double cos(double); double tan(double);
double asin(double); double acos(double); double atan(double); double atan2(double,double); double exp(double); double log(double);
double log2(double); double log10(double); double rint(double); long lrint(double);
