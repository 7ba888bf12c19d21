using Sje.Core.Security;

namespace Sje.Tests.Unit.Security;

public sealed class ApiKeyTextTests
{
    [Fact]
    public void Keys_differ_carry_their_prefix_and_match_only_their_own_hash()
    {
        var key = ApiKeyText.Create();
        var other = ApiKeyText.Create();

        Assert.NotEqual(key, other);
        Assert.Matches("^sje_[a-z0-9]{8}_[a-z0-9]{40}$", key);
        Assert.Equal(key.Substring(4, 8), ApiKeyText.PrefixOf(key));
        Assert.True(ApiKeyText.Matches(ApiKeyText.Hash(key), ApiKeyText.Hash(key)));
        Assert.False(ApiKeyText.Matches(ApiKeyText.Hash(key), ApiKeyText.Hash(other)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sje_")]
    [InlineData("sje_abcdefgh_short")]
    [InlineData("xxx_abcdefgh_0123456789012345678901234567890123456789")]
    [InlineData("sje_ABCDEFGH_0123456789012345678901234567890123456789")]
    [InlineData("sje_abcdefgh_01234567890123456789012345678901234567é9")]
    [InlineData("sje_abcdefghx0123456789012345678901234567890123456789")]
    public void What_has_not_the_shape_of_a_key_is_none(string text) => Assert.Null(ApiKeyText.PrefixOf(text));

    [Fact]
    public void Only_an_administrator_sees_beyond_its_tenant()
    {
        Assert.Equal("red", new Caller("x", Role.Operator, "red", null).Scope);
        Assert.Null(new Caller("x", Role.Admin, "red", null).Scope);
    }
}
