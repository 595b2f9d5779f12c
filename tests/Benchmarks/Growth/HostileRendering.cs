using Tollgate.Inference.Templates;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Growth;

/// <summary>Templates that use up the budget of a rendering.</summary>
internal static class HostileRendering
{
    /// <summary>Nothing but steps.</summary>
    public const string PlainLoop = "{% for i in range(1000) %}{% for j in range(1000) %}{% set x = j %}{% endfor %}{% endfor %}";

    public static IEnumerable<string> Sources => [.. HostileTemplates.EndlessValues, .. HostileTemplates.LargeSteps];

    /// <summary>Renders a template that is refused.</summary>
    public static Action Refused(string source)
    {
        var template = ChatTemplate.Parse(source, TimeProvider.System);
        return () =>
        {
            try
            {
                template.Render([new TemplateMessage("user", "x")], true, "", "");
            }
            catch (TemplateException)
            {
                return;
            }

            throw new InvalidOperationException($"The template was not refused: {source}");
        };
    }
}
