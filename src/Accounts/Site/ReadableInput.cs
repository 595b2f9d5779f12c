using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Diagnostics;

namespace Tollgate.Accounts.Site;

/// <summary>
/// Answers 400 to input that would only make a page fail: a query value of the wrong type, a NUL, which Postgres text cannot hold, or an
/// unreadable form. Must run after routing and before the form is used.
/// </summary>
internal static class ReadableInput
{
    public static void UseReadableInput(this WebApplication app) => app.Use(async (context, next) =>
    {
        var page = context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>()?.Type;
        if (page is null || context.Features.Get<IStatusCodeReExecuteFeature>() is not null
            || (IsReadable(context.Request.Query, page) && await IsFormReadableAsync(context.Request)))
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status400BadRequest;
    });

    private static bool IsReadable(IQueryCollection query, Type page) =>
        !query.Any(pair => HasNul(pair.Key) || pair.Value.Any(HasNul))
        && page.GetProperties().All(property => property.GetCustomAttribute<SupplyParameterFromQueryAttribute>() is not { } parameter
            || query[parameter.Name ?? property.Name].All(value => Parses(value, property.PropertyType)));

    private static bool Parses(string? value, Type type)
    {
        var wanted = Nullable.GetUnderlyingType(type) ?? type;
        return wanted == typeof(string) || wanted == typeof(string[])
            || (wanted != type && string.IsNullOrEmpty(value))
            || (wanted == typeof(bool) && bool.TryParse(value, out _))
            || (wanted == typeof(int) && int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out _))
            || (wanted == typeof(long) && long.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out _))
            || (wanted == typeof(Guid) && Guid.TryParse(value, out _));
    }

    private static async Task<bool> IsFormReadableAsync(HttpRequest request)
    {
        if (!HttpMethods.IsPost(request.Method) || !request.HasFormContentType)
        {
            return true;
        }

        try
        {
            var form = await request.ReadFormAsync(request.HttpContext.RequestAborted);
            return !form.Any(pair => HasNul(pair.Key) || pair.Value.Any(HasNul));
        }
        catch (InvalidDataException)
        {
            return false; // Too many fields, or a broken boundary.
        }
    }

    private static bool HasNul(string? text) => text?.Contains('\0', StringComparison.Ordinal) == true;
}
