#include <stdio.h>

int main(void)
{
	(void)fputs("plumb: no command yet\n", stderr);
	return 2;
}
