# VEGA_HOME: the cache the script `vega` fills with the wheels of wheels.txt, unpacked under deps/ and data/.
if(NOT DEFINED VEGA_HOME)
  if(DEFINED ENV{VEGA_HOME})
    set(VEGA_HOME "$ENV{VEGA_HOME}")
  else()
    set(VEGA_HOME "$ENV{HOME}/.cache/vega")
  endif()
endif()
set(VEGA_HOME "${VEGA_HOME}" CACHE PATH "Cache of fetched packages and data")
