"""The demo data set, as tables (`people`, `field`) and the services that store it (`loader`)."""
