using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Relays;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>/v1/organization</c>, OpenAI's admin API, which Accounts answers for admin keys.</summary>
internal sealed partial class OrganizationEndpoint : IEndpoint
{
    private const string Tag = "Administration";
    private const string OneProject = "/projects/{project}";

    private static readonly RelayedRoutes Relayed = new(PublicEndpoint.Organization, "accounts") { ProvesKeys = true };

    private static readonly Guid Request = new("0195aaaa-0000-7000-8000-000000000001");

    private static readonly OpenAiError[] OfBody =
    [
        OpenAiError.MalformedJson(0, 41), OpenAiError.MissingParameter("name"), OpenAiError.InvalidType("name", "a string", "an integer"),
        OpenAiError.InvalidValue("name", "1 to 100 characters", "''"), OpenAiError.UnknownParameter("nmae"),
        OpenAiError.DuplicateParameter("name"), OpenAiError.UnsupportedParameter("geography"),
        OpenAiError.InvalidIdempotencyKey(), OpenAiError.BodyIncomplete(), OpenAiError.BodyTooSlow(),
        OpenAiError.BodyTooLarge(256 * 1024), OpenAiError.UnsupportedMediaType("text/plain"),
        OpenAiError.IdempotencyInProgress(Request, TimeSpan.FromSeconds(1)), OpenAiError.IdempotencyMismatch(Request),
        OpenAiError.IdempotencyAnswerGone(Request),
        OpenAiError.AdminConflict("last_owner", "An organization needs an owner."),
        OpenAiError.AdminForbidden("The owner of this admin key is no owner of the organization any more."),
    ];

    private static readonly OpenAiError[] OfQuery =
    [
        OpenAiError.InvalidValue("limit", "an integer between 1 and 100", "'101'"), OpenAiError.UnknownParameter("offset"),
        OpenAiError.DuplicateParameter("limit"),
    ];

    public PublicEndpoint Api => PublicEndpoint.Organization;

    public void Map(IEndpointRouteBuilder routes)
    {
        var table = new OperationTable(routes);
        MapProjects(table);
        MapProjectMembers(table);
        MapProjectRules(table);
        MapMembers(table);
        MapOrganization(table);
        MapUsage(table);
    }

    /// <summary>No service calls it for a key.</summary>
    public void MapCalls(IEndpointRouteBuilder routes)
    {
        // An admin key is shown by its client alone.
    }

    /// <summary>Maps and describes operations.</summary>
    private sealed class OperationTable(IEndpointRouteBuilder routes)
    {
        private static readonly (string Name, string Kind, string Example)[] Ids =
        [
            ("project", "project", Examples.Project.Id), ("user", "user", Examples.UserId),
            ("account", "service account", Examples.Account.Id),
            ("key", "key", Examples.ProjectKey.Id), ("limit", "rate limit", Examples.RateLimit.Id),
            ("invite", "invitation", Examples.Invite.Id),
            ("role", "role", Examples.Role.Id), ("alert", "spend alert", Examples.Alert.Id),
        ];

        /// <summary>Shows an object.</summary>
        public void Get<T>(string path, string name, string summary, string description, T example) =>
            Finish(Start("GET", path, name, summary, description), path, example, []);

        /// <summary>Lists objects, by the id of the last one.</summary>
        public void List<T>(
            string path, string name, string summary, string description, T example, string id, params OperationParameter[] more)
            where T : class =>
            Finish(
                Start("GET", path, name, summary, description)
                    .AsksFor(
                    [
                        .. OperationParameter.OfPath(path, Ids), .. OperationParameter.Paging, .. more.Select(one => one.ToOpenApi()),
                    ]),
                path,
                new AdminPage<T>("list", [example], id, id, false), OfQuery);

        /// <summary>Lists objects, by a cursor.</summary>
        public void ListByCursor<T>(string path, string name, string summary, string description, T example)
            where T : class =>
            Finish(
                Start("GET", path, name, summary, description)
                    .AsksFor([.. OperationParameter.OfPath(path, Ids), .. OperationParameter.Paging]),
                path, new AdminCursorPage<T>("list", [example], false, null), OfQuery);

        /// <summary>Reports usage.</summary>
        public void Report<T>(
            string path, string name, string summary, string description, T example, params OperationParameter[] more) =>
            Finish(
                Start("GET", path, name, summary, description).AsksFor([.. more.Select(one => one.ToOpenApi())]), path,
                new AdminBuckets<T>("page", [new AdminBucket<T>("bucket", 1790000000, 1790086400, [example])], false, null), OfQuery);

        /// <summary>Makes or changes an object.</summary>
        public void Post<TBody, T>(string path, string name, string summary, string description, TBody body, T example) => Finish(
            Start("POST", path, name, summary, description).Takes<TBody>(new BodyExample("request", Examples.Json(body))), path, example,
            OfBody);

        /// <summary>Does something to an object, without a body.</summary>
        public void Act<T>(string path, string name, string summary, string description, T example) =>
            Finish(Start("POST", path, name, summary, description), path, example, [.. OfBody.Where(error => error.Status >= 403)]);

        public void Delete(string path, string name, string summary, string description, AdminDeleted example) => Finish(
            Start("DELETE", path, name, summary, description), path, example, [.. OfBody.Where(error => error.Status is 403 or 409)]);

        private RouteHandlerBuilder Start(string method, string path, string name, string summary, string description)
        {
            var whole = AdminRoutes.Prefix + path;
            if (!PublicEndpoint.Organization.Routes.Contains(new PublicRoute(method, whole)))
            {
                throw new InvalidOperationException($"{method} {whole} is no route of the admin API.");
            }

            return routes.MapMethods(
                    whole, [method], (HttpContext context, AdminRelay relay) => relay.RunAsync(context, Relayed, whole))
                .Describe(name, Tag, summary, description)
                .AsksFor([.. OperationParameter.OfPath(path, Ids)]);
        }

        private static void Finish<T>(RouteHandlerBuilder route, string path, T example, IReadOnlyList<OpenAiError> own)
        {
            OpenAiError[] missing =
            [
                .. Ids.Where(id => path.Contains($"{{{id.Name}}}", StringComparison.Ordinal))
                    .Select(id => OpenAiError.AdminObjectNotFound(id.Kind, id.Example)),
            ];
            route.AnswersAdmin<T>(new BodyExample("answer", Examples.Json(example)))
                .Fails(DocumentedErrors.OfAdminKey(PublicEndpoint.Organization, [.. missing, .. own]), "openai-organization");
        }
    }
}
