using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Security;
using Sje.Web.Api.Auth;

namespace Sje.Tests.Integration.Api;

/// <summary>What is offered by role is what the endpoints ask for: every one that changes something wants the role of the rule.</summary>
public sealed class AllowedActionRolesTests(ApiHost host) : IClassFixture<ApiHost>
{
    // These change nothing of the server's, make or check something of the caller's own, or are for administrators alone.
    private static readonly string[] Others = ["/api/v1/session", "/mgmt", ":validate", ":preview", "/api/v1/tenants/"];

    [Fact]
    public void Every_endpoint_that_changes_something_asks_for_the_role_of_the_rule()
    {
        var changing = host
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint =>
                endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is { } methods
                && methods.HttpMethods.Any(method => method is "POST" or "PUT" or "PATCH" or "DELETE")
                && endpoint.RoutePattern.RawText is { } path
                && path.StartsWith("/api/v1", StringComparison.Ordinal)
                && !Others.Any(other => path.Contains(other, StringComparison.Ordinal))
            )
            .ToList();

        Assert.True(changing.Count > 25);
        Assert.All(
            changing,
            endpoint =>
                Assert.Equal(
                    (endpoint.RoutePattern.RawText, Policies.Operator),
                    (endpoint.RoutePattern.RawText, endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>()[^1].Policy)
                )
        );
        Assert.Equal(Role.Operator, AllowedActions.Changes);
    }
}
