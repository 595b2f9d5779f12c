using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Tollgate.Gateway.OpenApi;

/// <summary>Endpoint metadata: the type that describes the endpoint's body.</summary>
internal sealed record DocumentedBody(Type Type);

/// <summary>
/// Tells the document's generator about bodies that the endpoints read by themselves. The framework's own metadata for it would let
/// routing refuse other content types, and a wrong one must get the API's own answer.
/// </summary>
internal sealed class DocumentedBodies : IApiDescriptionProvider
{
    public const string MediaType = "application/json";

    public int Order => 0;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        // The descriptions are completed when all providers have made theirs.
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
        foreach (var endpoint in context.Results)
        {
            if (endpoint.ActionDescriptor.EndpointMetadata.OfType<DocumentedBody>().LastOrDefault() is { } body)
            {
                endpoint.ParameterDescriptions.Add(
                    new ApiParameterDescription { Name = "body", Source = BindingSource.Body, Type = body.Type, IsRequired = true });
                endpoint.SupportedRequestFormats.Add(new ApiRequestFormat { MediaType = MediaType });
            }
        }
    }
}
