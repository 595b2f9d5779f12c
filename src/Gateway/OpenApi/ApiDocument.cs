using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.OpenApi;

/// <summary>
/// The API's own description, <c>GET /openapi/v1.json</c>; readable without a key. Generated once from the mapped endpoints; only
/// <c>servers</c> differs between callers.
/// </summary>
internal sealed class ApiDocument([FromKeyedServices(ApiDocument.Name)] IOpenApiDocumentProvider provider, ClientAddress address)
{
    public const string Path = "/openapi/v1.json";
    private const string Name = "v1";
    private const string Bearer = "bearer";
    private readonly Lazy<Task<JsonElement>> _document = new(() => GenerateAsync(provider));

    public static void Add(IServiceCollection services)
    {
        // Requests and answers have numbers as numbers; the default also reads them from strings, and the schemas would show both.
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
        services.AddOpenApi(Name, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddSchemaTransformer(SchemaForms.ApplyAsync);
            options.AddDocumentTransformer(DescribeAsync);
        });
        services.AddSingleton<IApiDescriptionProvider, DocumentedBodies>();
        services.AddSingleton<ApiDocument>();
    }

    /// <summary>Writes the document with the address of the API that the caller used.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var document = await _document.Value;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        writer.WriteStartObject();
        foreach (var member in document.EnumerateObject())
        {
            if (!member.NameEquals("servers"))
            {
                member.WriteTo(writer);
            }
        }

        writer.WriteStartArray("servers");
        writer.WriteStartObject();
        writer.WriteString("url", address.UrlOf(context));
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static async Task<JsonElement> GenerateAsync(IOpenApiDocumentProvider provider)
    {
        var document = await provider.GetOpenApiDocumentAsync(CancellationToken.None);
        return JsonElement.Parse(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, CancellationToken.None));
    }

    private static Task DescribeAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info.Title = "Tollgate API";
        document.Info.Version = Name;
        document.Info.Description =
            "OpenAI-compatible. Any OpenAI client works with this server's address, with /v1 behind it, and a key of "
            + "the portal.";
        document.Components ??= new OpenApiComponents();
        document.Components.Headers = AnswerHeaderTable.Components();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key of the portal, sk-tg-…",
            },
        };
        document.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] },
        ];
        return Task.CompletedTask;
    }
}
