using Sje.Jobs.Storage;

namespace Sje.Tests.Unit.Storage;

public class AnsiTextTests
{
    // The same lines stand in ClientApp/src/log/ansi.test.ts: both readers must show the same.
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\tb", "a\tb")]
    [InlineData("\u001b[31mred\u001b[0m", "red")]
    [InlineData("\u001b[38;5;196mx\u001b[38:2::1:2:3my", "xy")]
    [InlineData("\u001b]0;title\u0007after", "after")]
    [InlineData("\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "link")]
    [InlineData("\u001b]52;c;aGk=", "")]
    [InlineData("\u001bP1;2q#0\u001b\\sixel", "sixel")]
    [InlineData("\u001b(Bx\u001b=y\u001b7z", "xyz")]
    [InlineData("\u001b[2J\u001b[Hgone", "gone")]
    [InlineData("\u001b[31", "")]
    [InlineData("\u001b", "")]
    [InlineData("\u001b[3\u0001mx", "mx")]
    [InlineData("10%\r20%\r", "10% 20%")]
    [InlineData("a\bb\u0000c\u007fd", "abcd")]
    [InlineData("é\u001b[1m😀", "é😀")]
    public void What_tells_a_terminal_something_is_not_shown(string text, string shown) =>
        Assert.Equal(shown, new string(AnsiText.Strip(text.ToCharArray())));
}
