const char *plumb_version(void);

const char *plumb_version(void)
{
	return PLUMB_VERSION;
}
