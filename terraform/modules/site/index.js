// Turns the address of a folder into that of the page in it, since a bucket has no folders.
// Runs in the CDN on every request, so it is plain and short.
function handler(event) {
  var request = event.request;
  var uri = request.uri;
  if (uri.endsWith("/")) {
    request.uri = uri + "index.html";
    return request;
  }
  if (uri.substring(uri.lastIndexOf("/") + 1).indexOf(".") === -1) {
    // the slash at the end matters: links in the page are relative to it; two at the start would name another host
    var location = uri.replace(/^[\/\\]+/, "/") + "/";
    return { statusCode: 301, statusDescription: "Moved Permanently", headers: { location: { value: location } } };
  }
  return request;
}
