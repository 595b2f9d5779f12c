using System.Reflection;
using Microsoft.Extensions.Options;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Tollgate.Architecture.Tests;

/// <summary>Code of ours reads every setting that an options class takes: an operator can set nothing that has no effect.</summary>
public sealed class OptionsUseTests
{
    [Fact]
    public void Every_setting_is_read_outside_its_class_and_its_validators()
    {
        var settings = OptionsClasses.Settings().ToList();
        var calls = OptionsClasses.Assemblies().SelectMany(CallsIn).ToList();

        var read = calls.Where(call => call.Owner != call.Type).Select(call => call.Method).ToHashSet();
        while (calls.Where(call => read.Contains(call.Caller)).Aggregate(false, (grew, call) => read.Add(call.Method) || grew))
        {
            // A setting may be read by another member of its class, which is read from outside.
        }

        Assert.NotEmpty(settings);
        Assert.Empty(settings.Where(setting => !read.Contains(GetterOf(setting.Property)) && !IsReadByName(setting))
            .Select(setting => setting.Name));
    }

    /// <summary>Whether a source reads the setting from its section, before the options exist; compiled, the name is a constant.</summary>
    private static bool IsReadByName(Setting setting) => ServiceSources.Checked.Select(name => new ServiceSources(name))
        .Any(sources => sources.Files().Any(file => sources.Read(file).Contains(
            $"section[nameof({setting.Property.DeclaringType!.Name}.{setting.Property.Name})]", StringComparison.Ordinal)));

    private static string GetterOf(PropertyInfo property) => $"{property.DeclaringType!.FullName}::{property.GetMethod!.Name}";

    /// <summary>Calls between methods and properties in an assembly, except those of validators.</summary>
    private static IEnumerable<MemberCall> CallsIn(Assembly assembly)
    {
        using var module = ModuleDefinition.ReadModule(assembly.Location);
        foreach (var type in module.GetTypes().Where(type => !Owners(type).Any(IsValidator)))
        {
            var owner = NameOf(Owners(type).Last());
            foreach (var method in type.Methods.Where(method => method.HasBody))
            {
                foreach (var instruction in method.Body.Instructions.Where(
                    instruction => instruction.OpCode == OpCodes.Call || instruction.OpCode == OpCodes.Callvirt))
                {
                    var called = (MethodReference)instruction.Operand;
                    yield return new MemberCall(
                        owner, $"{NameOf(type)}::{method.Name}", NameOf(called.DeclaringType),
                        $"{NameOf(called.DeclaringType)}::{called.Name}");
                }
            }
        }
    }

    private static string NameOf(TypeReference type) => type.FullName.Replace('/', '+');

    private static bool IsValidator(TypeDefinition type) =>
        type.Interfaces.Any(face => face.InterfaceType.Name == typeof(IValidateOptions<>).Name);

    /// <summary>The type and those that it is nested in: an async method is a type within its own.</summary>
    private static IEnumerable<TypeDefinition> Owners(TypeDefinition type)
    {
        for (var owner = type; owner is not null; owner = owner.DeclaringType)
        {
            yield return owner;
        }
    }

    /// <param name="Owner">Outermost type of the caller.</param>
    /// <param name="Type">Type of the called method.</param>
    private sealed record MemberCall(string Owner, string Caller, string Type, string Method);
}
