namespace Sje.Web.Api.Problems;

/// <summary>Tells the OpenAPI document which errors an endpoint answers with.</summary>
internal static class RefusalMetadata
{
    public static TBuilder Refuses<TBuilder>(this TBuilder builder, params ProblemKind[] kinds)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint =>
        {
            foreach (var status in kinds.Select(kind => kind.Status).Distinct())
            {
                endpoint.Metadata.Add(
                    new ProducesResponseTypeMetadata(status, typeof(ProblemDocument), [ProblemDocument.MediaType])
                );
            }
        });
        return builder;
    }
}
