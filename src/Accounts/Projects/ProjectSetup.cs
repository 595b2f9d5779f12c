namespace Tollgate.Accounts.Projects;

/// <summary>Registers projects.</summary>
internal static class ProjectSetup
{
    public static void AddProjects(this WebApplicationBuilder builder) => builder.Services.AddScoped<ProjectRegister>();
}
