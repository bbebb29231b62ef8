"""The measuring of `kiosk bench`. Only that verb imports it: nothing the product does may rest on being measured."""
