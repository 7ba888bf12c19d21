using Sje.Jobs.Storage;
using Sje.Web.Api.Requests;

namespace Sje.Tests.Unit.Api;

public sealed class PagingTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("")]
    [InlineData("naïve ☃ name")]
    [InlineData("01a2138b-398c-7000-9b3a-1af6462b3464")]
    public void A_cursor_gives_back_its_key(string key)
    {
        Assert.True(Paging.TryDecode(Paging.Encode(key), out var decoded));
        Assert.Equal(key, decoded);
    }

    [Fact]
    public void The_item_beyond_the_page_makes_a_cursor_and_is_not_shown()
    {
        var full = new[] { "a", "b", "c" }.ToPage(2, item => item, item => item);
        var last = new[] { "c" }.ToPage(2, item => item, item => item);

        Assert.Equal(["a", "b"], full.Items);
        Assert.Equal(Paging.Encode("b"), full.NextCursor);
        Assert.Null(last.NextCursor);
    }

    [Fact]
    public void Event_positions_are_ordered_by_transaction_first()
    {
        Assert.True(new EventPosition(1, 9) < new EventPosition(2, 1));
        Assert.True(EventPosition.TryParse(new EventPosition(7, 8).ToString(), out var read));
        Assert.Equal(new EventPosition(7, 8), read);
        foreach (var wrong in new[] { null, "", "1", "1-", "-1-2", "1-2-3", "x-y", "99999999999999999999-1" })
        {
            Assert.False(EventPosition.TryParse(wrong, out _));
        }
    }
}
