using Tollgate.Contracts.OpenAi;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Maps each route of <see cref="AdminRoutes"/> to the method of a desk that answers it.</summary>
internal sealed class AdminRoutesMap
{
    private readonly Dictionary<PublicRoute, Func<AdminCall, Task<object>>> _answers = [];

    /// <param name="path">Below <see cref="AdminRoutes.Prefix"/>.</param>
    /// <param name="answer">Returns what is written as JSON.</param>
    public AdminRoutesMap Add<TDesk>(string method, string path, Func<TDesk, AdminCall, Task<object>> answer)
        where TDesk : notnull
    {
        _answers.Add(
            new PublicRoute(method, AdminRoutes.Prefix + path), call => answer(call.Services.GetRequiredService<TDesk>(), call));
        return this;
    }

    /// <summary>Maps them at the internal listener, for gateways.</summary>
    /// <exception cref="InvalidOperationException">A route has no answer, or an answer no route.</exception>
    public void MapTo(IEndpointRouteBuilder routes)
    {
        if (!_answers.Keys.ToHashSet().SetEquals(AdminRoutes.All))
        {
            throw new InvalidOperationException(
                "Routes and answers differ: "
                + string.Join(", ", _answers.Keys.Except(AdminRoutes.All).Concat(AdminRoutes.All.Except(_answers.Keys))));
        }

        var door = routes.MapInternal("", "gateway");
        foreach (var route in AdminRoutes.All)
        {
            var answer = _answers[route];
            door.MapMethods(route.Path, [route.Method], (HttpContext context, AdminDoor desk) => desk.RunAsync(context, answer));
        }
    }
}
