// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/dbus_introspection.h"

#include <string_view>

namespace deskd {
namespace {

constexpr std::string_view head =
    R"(<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
<node>
 <interface name="org.freedesktop.DBus.Peer">
  <method name="Ping"/>
  <method name="GetMachineId">
   <arg type="s" name="machine_uuid" direction="out"/>
  </method>
 </interface>
 <interface name="org.freedesktop.DBus.Introspectable">
  <method name="Introspect">
   <arg name="xml_data" type="s" direction="out"/>
  </method>
 </interface>
 <interface name="org.freedesktop.DBus.Properties">
  <method name="Get">
   <arg name="interface_name" direction="in" type="s"/>
   <arg name="property_name" direction="in" type="s"/>
   <arg name="value" direction="out" type="v"/>
  </method>
  <method name="GetAll">
   <arg name="interface_name" direction="in" type="s"/>
   <arg name="props" direction="out" type="a{sv}"/>
  </method>
  <method name="Set">
   <arg name="interface_name" direction="in" type="s"/>
   <arg name="property_name" direction="in" type="s"/>
   <arg name="value" direction="in" type="v"/>
  </method>
  <signal name="PropertiesChanged">
   <arg type="s" name="interface_name"/>
   <arg type="a{sv}" name="changed_properties"/>
   <arg type="as" name="invalidated_properties"/>
  </signal>
 </interface>
)";

constexpr std::string_view objectManager = R"( <interface name="org.freedesktop.DBus.ObjectManager">
  <method name="GetManagedObjects">
   <arg type="a{oa{sa{sv}}}" name="object_paths_interfaces_and_properties" direction="out"/>
  </method>
  <signal name="InterfacesAdded">
   <arg type="o" name="object_path"/>
   <arg type="a{sa{sv}}" name="interfaces_and_properties"/>
  </signal>
  <signal name="InterfacesRemoved">
   <arg type="o" name="object_path"/>
   <arg type="as" name="interfaces"/>
  </signal>
 </interface>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '&')
      out += "&amp;";
    else if (letter == '<')
      out += "&lt;";
    else if (letter == '"')
      out += "&quot;";
    else
      out += letter;
  }
  return out;
}

std::string annotation(std::string_view indent, std::string_view name, std::string_view value) {
  return std::string(indent) + "<annotation name=\"" + std::string(name) + "\" value=\"" + escaped(value) +
         "\"/>\n";
}

std::string describe(std::string_view indent, std::string_view text) {
  return annotation(indent, "org.gtk.GDBus.DocString", text);
}

std::string describe(const DbusMethod& method) {
  std::string text = std::string("  <method name=\"") + method.name + "\">\n";
  for (const char* name : method.arguments)
    text += std::string("   <arg type=\"s\" name=\"") + name + "\" direction=\"in\"/>\n";
  for (const DbusArgument& result : method.results)
    text += std::string("   <arg type=\"") + result.signature + "\" name=\"" + result.name +
            "\" direction=\"out\"/>\n";
  return text + describe("   ", method.description) + "  </method>\n";
}

std::string describe(const DbusProperty& property) {
  constexpr std::string_view changes = "org.freedesktop.DBus.Property.EmitsChangedSignal";
  std::string text = std::string("  <property name=\"") + property.name + "\" type=\"" + property.signature +
                     "\" access=\"read\">\n";
  if (property.change == DbusChange::never) text += annotation("   ", changes, "const");
  if (property.change == DbusChange::unsignalled) text += annotation("   ", changes, "false");
  return text + describe("   ", property.description) + "  </property>\n";
}

}  // namespace

std::string introspection(const DbusInterface& interface, const std::vector<std::string>& children) {
  std::string text(head);
  if (&interface == &managerInterface()) text += objectManager;
  text +=
      std::string(" <interface name=\"") + interface.name + "\">\n" + describe("  ", interface.description);
  for (const DbusMethod& method : interface.methods)
    text += describe(method);
  for (const DbusProperty& property : interface.properties)
    text += describe(property);
  text += " </interface>\n";
  for (const std::string& child : children)
    text += " <node name=\"" + escaped(child) + "\"/>\n";
  return text + "</node>\n";
}

}  // namespace deskd
