using System.Text.Json.Nodes;
using Sje.Web.Cli;

namespace Sje.Tests.Unit.Cli;

public sealed class ShowTests
{
    [Fact]
    public void An_id_and_an_instant_made_here_read_like_those_from_a_server()
    {
        var id = Guid.CreateVersion7();
        JsonNode made = JsonValue.Create(id);
        JsonNode? parsed = JsonNode.Parse($"\"{id}\"");
        JsonNode at = JsonValue.Create(DateTimeOffset.UnixEpoch);

        Assert.Equal(id.ToString(), Show.Text(made));
        Assert.Equal(id.ToString(), Show.Text(parsed));
        Assert.NotNull(Show.Time(at));
    }
}
