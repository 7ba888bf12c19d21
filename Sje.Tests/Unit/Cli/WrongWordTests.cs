using Sje.Web.Cli;

namespace Sje.Tests.Unit.Cli;

public sealed class WrongWordTests
{
    [Theory]
    [InlineData("convert job.yaml --to xml", "--to takes yaml or json, and not 'xml'.")]
    [InlineData("keys create me --role boss", "--role takes viewer, operator or admin, and not 'boss'.")]
    [InlineData("top --interval soon", "--interval takes a number, and not 'soon'.")]
    [InlineData("executions --limit many", "--limit takes a whole number, and not 'many'.")]
    [InlineData("operations cancel it", "id takes an id, and not 'it'.")]
    public void A_wrong_word_is_told_with_those_that_there_are(string line, string expected) =>
        Assert.Equal(expected, WrongWord.Said(Assert.Single(CommandTree.Create().Parse(line.Split(' ')).Errors)));
}
