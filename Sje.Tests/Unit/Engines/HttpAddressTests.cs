using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Http;

namespace Sje.Tests.Unit.Engines;

public class HttpAddressTests
{
    [Theory]
    [InlineData("http://h/{{ parameters.v }}", "a b", "http://h/a%20b")]
    [InlineData("http://h/{{ parameters.v }}/x", "../admin?y=1#z", "http://h/..%2Fadmin%3Fy%3D1%23z/x")]
    [InlineData("http://h/p?q={{ parameters.v }}&r=1", "1&r=2", "http://h/p?q=1%26r%3D2&r=1")]
    [InlineData("http://h?q={{ parameters.v }}", "..", "http://h/?q=..")]
    [InlineData("http://{{ parameters.v }}/p", "127.0.0.1:8080", "http://127.0.0.1:8080/p")]
    [InlineData("{{ parameters.v }}/p", "https://h.example/base", "https://h.example/base/p")]
    public void A_value_is_one_piece_of_the_address(string text, string value, string address) =>
        Assert.Equal(address, Render(text, value));

    [Theory]
    [InlineData("http://h/{{ parameters.v }}", "..")]
    [InlineData("http://h/a/{{ parameters.v }}/b", ".")]
    [InlineData("http://h/.{{ parameters.v }}/b", ".")]
    [InlineData("http://h/%2e{{ parameters.v }}/b", ".")]
    [InlineData("http://{{ parameters.v }}.example/", "evil.com/x")]
    [InlineData("http://{{ parameters.v }}.example/", "me@evil.com")]
    [InlineData("http://h{{ parameters.v }}", "#")]
    [InlineData("{{ parameters.v }}", "file:///etc/passwd")]
    [InlineData("{{ parameters.v }}", "http://me:secret@h/")]
    [InlineData("{{ parameters.v }}", "")]
    public void A_value_that_leads_elsewhere_is_refused(string text, string value)
    {
        var refused = Assert.Throws<FormatException>(() => Render(text, value));
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_is_shown_without_its_query() =>
        Assert.Equal("http://h:81/p?...", HttpAddress.Shown(new Uri("http://h:81/p?key=secret#x")));

    private static string Render(string text, string value) =>
        HttpAddress
            .Render(text, new TemplateScope(new JsonObject { ["parameters"] = new JsonObject { ["v"] = value } }))
            .AbsoluteUri;
}
